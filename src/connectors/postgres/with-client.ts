import type { Client } from 'pg'
import { SourceError } from '../../errors.js'
import type { TaskContext } from '../../ops/task-context.js'
import { resourceKey } from '../resource-key.js'
import { retried } from '../retry.js'
import { connect, serverOf } from './client.js'
import type { PostgresConnection } from './options.js'
import { isTransient, reasonOf } from './session.js'

/**
 * Runs statements on the thread's connection, and retries them while the server restarts. `what` begins the message of
 * an error.
 */
export async function withClient<R>(
  context: TaskContext,
  { connection, retryMs }: { readonly connection: PostgresConnection; readonly retryMs: number },
  what: string,
  run: (client: Client) => Promise<R>,
): Promise<R> {
  const key = resourceKey('postgres', connection)
  const isFinal = (error: unknown) => !isTransient(error)
  try {
    return await retried({ signal: context.signal, retryMs, isFinal }, async () => {
      const client = await context.resource<Client>(
        key,
        () => connect(connection),
        (open) => open.end(),
      )
      try {
        return await run(client)
      } catch (error) {
        // The state of the connection is unknown, so the next attempt opens another.
        context.discard(key)
        throw error
      }
    })
  } catch (cause) {
    if (cause instanceof SourceError || context.signal.aborted) throw cause
    throw new SourceError(`${what} of PostgreSQL at ${serverOf(connection)}: ${reasonOf(cause)}`, { cause })
  }
}
