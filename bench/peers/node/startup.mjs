export { open } from './wordcount.mjs'
