import { createHash } from 'node:crypto'

/**
 * Returns the key under which a thread shares a client: equal settings have equal keys. The key contains a hash,
 * because settings contain passwords, and keys appear in errors and logs.
 */
export function resourceKey(system: string, settings: unknown): string {
  return `${system} ${createHash('sha256').update(JSON.stringify(settings)).digest('hex')}`
}
