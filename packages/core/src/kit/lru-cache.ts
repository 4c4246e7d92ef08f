/*
 * Both builds take it in, in this one place: published, it brings a hundred times its code in
 * builds and source maps that nothing here needs.
 */
export { LRUCache } from 'lru-cache'
