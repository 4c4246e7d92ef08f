/*
 * Both builds take it in, in this one place: published, it brings a hundred times its code in
 * builds and source maps that nobody here needs.
 */
export { LRUCache } from 'lru-cache'
