export type { WebSocketOptions, WebSocketRecordOf } from './options.js'
export { webSocketSource } from './source.js'
