import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { SourceError } from '../../errors.js'
import { missingPackage } from '../missing-package.js'
import { RetryingClient } from '../retrying-client.js'
import type { NatsSettings } from './options.js'

/** A connection with JetStream. */
export interface Nats {
  readonly connection: NatsConnection
  readonly jetstream: JetStreamClient
  readonly manager: JetStreamManager
}
export type NatsClient = RetryingClient<Nats>

const TIMEOUT_MS = 10_000

export function natsClient(settings: NatsSettings): NatsClient {
  return new RetryingClient({
    connect: () => connect(settings),
    disconnect: ({ connection }) => void connection.close().catch(() => undefined),
    explain: (error) => explain(settings, error as Error),
    retryMs: settings.retryMs,
  })
}

/** The servers' addresses, for names and errors. */
export function serversOf({ servers }: NatsSettings): string {
  return servers.join(',')
}

async function connect(settings: NatsSettings): Promise<Nats> {
  const { transport, js } = await loadClient()
  const { servers, user, password: pass, token, credentials, tls } = settings
  try {
    const connection = await transport.connect({
      servers: [...servers],
      name: 'millrace',
      ...{ user, pass, token },
      ...(credentials === undefined
        ? {}
        : { authenticator: transport.credsAuthenticator(new TextEncoder().encode(credentials)) }),
      ...(tls ? { tls: tls === true ? {} : tls } : {}),
      timeout: TIMEOUT_MS,
      // RetryingClient reconnects.
      reconnect: false,
    })
    const options = { timeout: TIMEOUT_MS }
    const manager = await js.jetstreamManager(connection, { ...options, checkAPI: false })
    return { connection, manager, jetstream: js.jetstream(connection, options) }
  } catch (error) {
    throw explain(settings, error as Error)
  }
}

/**
 * Converts an error. Refusals by JetStream are final. A server that is down, slow or without a leader can be retried.
 */
function explain(settings: NatsSettings, error: Error): Error {
  const servers = serversOf(settings)
  if (error.name === 'AuthorizationError' || /authorization violation/i.test(error.message)) {
    const user = settings.user === undefined ? 'the connection' : `user '${settings.user}'`
    return new SourceError(
      `NATS at ${servers} refused ${user}: ${error.message}. Check user, password, token and credentials.`,
      {
        cause: error,
        details: { servers, final: true },
      },
    )
  }
  if (
    /^(?:JetStreamNotEnabled|NoRespondersError)$/.test(error.name) ||
    /no responders|jetstream.*not enabled/i.test(error.message)
  ) {
    return new SourceError(
      `No JetStream at NATS ${servers} answers: ${error.message}. Check that the server runs with JetStream, and that a stream receives the subject.`,
      { cause: error, details: { servers, unreachable: true } },
    )
  }
  const status = (error as { readonly status?: number }).status
  // The client itself refuses requests that the server does not support.
  const isRefused = error.name.startsWith('Invalid') || (status !== undefined && status !== 503)
  if (isRefused) {
    return new SourceError(`NATS at ${servers} refused a request: ${error.message}.`, {
      cause: error,
      details: { servers, code: (error as { readonly code?: number }).code, final: true },
    })
  }
  return new SourceError(
    `NATS at ${servers} cannot be reached: ${error.message}. Check servers and tls, and that the server runs.`,
    { cause: error, details: { servers, unreachable: true } },
  )
}

async function loadClient() {
  try {
    const [transport, js] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')])
    return { transport, js }
  } catch (cause) {
    throw missingPackage('NATS needs', ['@nats-io/transport-node', '@nats-io/jetstream'], 3, cause)
  }
}
