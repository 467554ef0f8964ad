import { createRequire } from 'node:module'
import { missingPackage } from '../connectors/missing-package.js'

/**
 * Threads and processes load an optional package; a missing one is reported by the call. `user` is the first part of the
 * message.
 *
 * @throws SourceError
 */
export function mustBeInstalled(user: string, name: string, version: number): void {
  try {
    createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    throw missingPackage(user, [name], version, cause)
  }
}

/** @throws SourceError */
export function duckdbMustBeInstalled(): void {
  mustBeInstalled('millrace/sql needs', '@duckdb/node-api', 1)
}
