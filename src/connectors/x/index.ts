export type { XFields, XFilteredOptions, XRule } from './options.js'
export type { XPost } from './posts.js'
export { xFilteredSource } from './source.js'
