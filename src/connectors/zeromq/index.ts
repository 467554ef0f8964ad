export type {
  ZeromqCurve,
  ZeromqEndpoint,
  ZeromqFrameOf,
  ZeromqRecordOf,
  ZeromqSinkOptions,
  ZeromqSourceOptions,
} from './options.js'
export { zeromqSink } from './sink.js'
export { zeromqSource } from './source.js'
