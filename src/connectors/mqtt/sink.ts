import type { DataSink } from '../../ops/sink.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { brokerOf } from './client.js'
import { checkSinkOptions, type MqttSinkOptions } from './options.js'
import type { MqttMessage } from './writer.js'

/**
 * Publishes records to an MQTT 5 broker with QoS 1, at least once: texts, bytes or objects `{ topic, value, retain }`.
 * Each message has an id, by which subscribers can drop duplicates.
 */
export function mqttSink(options: MqttSinkOptions): DataSink<string | Uint8Array | MqttMessage> {
  const checked = checkSinkOptions(options)
  return {
    name: `mqtt ${checked.topic ?? 'topics'}@${brokerOf(checked.settings)}`,
    writer: {
      module: new URL('connectors/mqtt/writer.js', PACKAGE_ROOT).href,
      export: 'mqttWriter',
      options: checked,
    },
    // The broker has acknowledged every message, so the commit has nothing to do.
    commit: async () => {},
  }
}
