import { createHash } from 'node:crypto'

/**
 * Returns the key under which a thread shares a client: the same for equal settings. It holds a hash of them, because
 * settings hold passwords and keys appear in errors and logs.
 */
export function resourceKey(system: string, settings: unknown): string {
  return `${system} ${createHash('sha256').update(JSON.stringify(settings)).digest('hex')}`
}
