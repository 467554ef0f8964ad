import { createRequire } from 'node:module'
import { missingPackage } from '../connectors/missing-package.js'

const PACKAGE = '@duckdb/node-api'

/** The processes of DuckDB load the package; a missing one is reported by the call. @throws SourceError */
export function mustBeInstalled(): void {
  try {
    createRequire(import.meta.url).resolve(PACKAGE)
  } catch (cause) {
    throw missingPackage('millrace/sql needs', [PACKAGE], 1, cause)
  }
}
