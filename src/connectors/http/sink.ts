import type { DataSink } from '../../ops/sink.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { checkHttpOptions, type HttpSinkOptions, nameOf } from './options.js'

/**
 * Sends each batch to an HTTP server, at least once. Each request has an `Idempotency-Key` of application, output,
 * batch time, partition and number, by which the server can recognise a request that is repeated.
 */
export function httpSink(options: HttpSinkOptions): DataSink {
  const checked = checkHttpOptions(options)
  return {
    name: `http ${nameOf(checked.url)}`,
    writer: {
      module: new URL('connectors/http/writer.js', PACKAGE_ROOT).href,
      export: 'httpWriter',
      options: checked,
    },
    // Sent requests cannot be undone.
    commit: async () => {},
  }
}
