import type { DataSink } from '../../ops/sink.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { serversOf } from './client.js'
import { checkSinkOptions, type NatsSinkOptions } from './options.js'
import type { NatsMessage } from './writer.js'

/**
 * Publishes records to JetStream: texts, bytes or objects `{ subject, value, headers }`. A message's id consists of
 * batch and position, so the stream drops duplicates within its duplicate window.
 */
export function natsSink(options: NatsSinkOptions): DataSink<string | Uint8Array | NatsMessage> {
  const checked = checkSinkOptions(options)
  return {
    name: `nats ${checked.subject ?? 'subjects'}@${serversOf(checked.settings)}`,
    writer: {
      module: new URL('connectors/nats/writer.js', PACKAGE_ROOT).href,
      export: 'natsWriter',
      options: checked,
    },
    // The stream has acknowledged every message, so the commit has nothing to do.
    commit: async () => {},
  }
}
