export type { HttpSinkOptions } from './options.js'
export { httpSink } from './sink.js'
