export type { MqttConnectionOptions, MqttSinkOptions, MqttSourceOptions } from './options.js'
export { mqttSink } from './sink.js'
export { type MqttRecord, mqttSource } from './source.js'
export type { MqttMessage } from './writer.js'
