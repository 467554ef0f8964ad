export type { ServerSentEvent } from './parser.js'
export { type SseOptions, type SseRecordOf, sseSource } from './source.js'
