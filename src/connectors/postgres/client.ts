import type { Client } from 'pg'
import { SourceError } from '../../errors.js'
import { missingPackage } from '../missing-package.js'
import type { PostgresConnection } from './options.js'
import { TYPES } from './types.js'

/** SQLSTATEs of connections that the server refuses: wrong credentials, or a database that does not exist. */
const REFUSED = /^28|^3D000$/

/** Connects with the package `pg`. Errors name the server, but never the password. */
export async function connect(connection: PostgresConnection): Promise<Client> {
  const pg = await loadClient()
  const client = new pg.Client(
    typeof connection === 'string'
      ? { connectionString: connection, application_name: 'millrace', types: TYPES }
      : { application_name: 'millrace', ...connection, types: TYPES },
  )
  // Without a listener, a connection that breaks while idle would end the process. The next statement reports the
  // error.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (cause) {
    await client.end().catch(() => undefined)
    const isRefused = REFUSED.test(String((cause as { readonly code?: unknown }).code))
    throw new SourceError(
      `PostgreSQL at ${serverOf(connection)} ${isRefused ? 'refuses the connection' : 'cannot be reached'}: ${reasonOf(cause)}. Check host, port, database, user and password.`,
      { cause, details: isRefused ? { final: true } : { unreachable: true } },
    )
  }
  return client
}

/** Host and database, for names and errors. */
export function serverOf(connection: PostgresConnection): string {
  if (typeof connection !== 'string') {
    const { host = 'localhost', port = 5432, database = '' } = connection
    return `${host}:${port}${database && `/${database}`}`
  }
  try {
    const { host, pathname } = new URL(connection)
    return `${host || 'localhost'}${pathname}`
  } catch {
    return 'the given URL'
  }
}

/** Returns the messages of all inner errors: the AggregateError of a failed connect has no message of its own. */
function reasonOf(cause: unknown): string {
  const errors = cause instanceof AggregateError ? cause.errors : [cause]
  return errors.map((error) => (error as Error).message).join('; ')
}

async function loadClient(): Promise<typeof import('pg')> {
  try {
    const loaded = (await import('pg')) as unknown as { default: typeof import('pg') }
    return loaded.default
  } catch (cause) {
    throw missingPackage('millrace/postgres needs', ['pg'], 8, cause)
  }
}
