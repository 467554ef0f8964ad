import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ArgumentError } from '../../errors.js'
import type { StreamingContext } from '../../index.js'
import { NotStartedError } from '../not-started.js'

/**
 * Serves `/metrics`, `/healthz` and `/readyz` of the streams until the process ends. Rejects with NotStartedError if prom-client is
 * not installed, or the port is taken: a monitoring system asks one fixed port.
 */
export async function serveMetrics(
  ssc: StreamingContext,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<{ readonly url: string }> {
  const { monitor } = await import('../../metrics/index.js')
  try {
    const { handler } = await monitor(ssc)
    const server = createServer({ requestTimeout: 10_000 }, handler).listen(port, host)
    await once(server, 'listening').catch((cause: unknown) => {
      const why = (cause as Error).message
      throw new ArgumentError(
        `The metrics cannot be served on port ${port} of ${host}: ${why}. Choose another with --metrics-port.`,
        { port, host },
        cause,
      )
    })
    server.unref()
    const bound = (server.address() as AddressInfo).port
    return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics` }
  } catch (error) {
    await ssc.stop()
    throw new NotStartedError(error)
  }
}
