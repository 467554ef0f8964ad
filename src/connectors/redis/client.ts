import type { Redis } from 'ioredis'
import { SourceError } from '../../errors.js'
import { missingPackage } from '../missing-package.js'
import { RetryingClient } from '../retrying-client.js'
import { type RedisSettings, serverOf } from './connection.js'

/** Error replies of a server that starts or changes its role, after which a retry may succeed. */
const TRANSIENT = /^(?:LOADING|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|BUSY) /
const CONNECT_MS = 10_000
const REPLY_MS = 30_000

export type RedisClient = RetryingClient<Redis>

export function redisClient(settings: RedisSettings): RedisClient {
  return new RetryingClient({
    connect: () => connect(settings),
    disconnect: (client) => client.disconnect(),
    explain: (error) => {
      withoutCommand(error)
      return isReply(error) && !TRANSIENT.test(error.message) ? error : unreachable(settings, error)
    },
    retryMs: settings.retryMs,
  })
}

/**
 * Errors of the client contain the command. It is removed, as AUTH has the password, and other commands have records.
 */
function withoutCommand(error: unknown): unknown {
  if (error instanceof Error && 'command' in error) delete error.command
  return error
}

/** An error reply of the server. A retry would get the same reply. */
function isReply(error: unknown): error is Error {
  return (error as Error | undefined)?.name === 'ReplyError'
}

async function connect(settings: RedisSettings): Promise<Redis> {
  const { Redis } = await loadClient()
  const { host, port, username, password, db, tls } = settings
  const client = new Redis({
    ...{ host, port, username, password, db, tls },
    connectionName: 'millrace',
    protocol: 2,
    lazyConnect: true,
    // `run` reconnects and retries.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_MS,
    commandTimeout: REPLY_MS,
  })
  let failure: Error | undefined
  client.on('error', (error) => {
    failure ??= error
  })
  try {
    await client.connect()
    await client.ping()
    return client
  } catch (error) {
    client.disconnect()
    const cause = withoutCommand(failure ?? error)
    if (isReply(cause) && /^(?:WRONGPASS|NOAUTH|NOPERM|ERR (?:AUTH|invalid password))/.test(cause.message))
      throw refused(settings, cause)
    throw unreachable(settings, cause)
  }
}

function refused(settings: RedisSettings, cause: Error): SourceError {
  const user = settings.username === undefined ? 'the default user' : `user '${settings.username}'`
  return new SourceError(
    `Redis at ${serverOf(settings)} refused ${user}: ${cause.message.replace(/\.$/, '')}. Check username and password.`,
    {
      cause,
      details: { server: serverOf(settings), final: true },
    },
  )
}

function unreachable(settings: RedisSettings, cause: unknown): SourceError {
  return new SourceError(
    `Redis at ${serverOf(settings)} cannot be reached: ${(cause as Error).message}. Check host, port and tls, and that the server runs.`,
    { cause, details: { server: serverOf(settings), unreachable: true } },
  )
}

async function loadClient(): Promise<{ readonly Redis: typeof Redis }> {
  try {
    return await import('ioredis')
  } catch (cause) {
    throw missingPackage('Redis needs', ['ioredis'], 6, cause)
  }
}
