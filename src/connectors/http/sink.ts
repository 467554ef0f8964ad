import type { DataSink } from '../../ops/sink.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { checkHttpOptions, type HttpSinkOptions, nameOf } from './options.js'

/**
 * Sends each batch to an HTTP server, at least once. The `Idempotency-Key` of a request consists of application,
 * output, batch time, partition and number, so the server can recognise a repeated request.
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
    // A request cannot be undone, so the commit has nothing to do.
    commit: async () => {},
  }
}
