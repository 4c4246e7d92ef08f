/*
 * Imported where there is no `node:crypto`, and only then: on Node, loading it would take as long
 * as loading all the rest.
 */
export { flattenedVerify, importJWK } from 'jose'
