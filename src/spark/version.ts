import { readFileSync } from 'node:fs'
import { PACKAGE_ROOT } from '../package-root.js'
import { PROTOCOL } from '../pool/protocol.js'

/** The version of the package and of its messages to workers. Driver and worker must have the same. */
export function bridgeVersion(): string {
  const file = readFileSync(new URL('../package.json', PACKAGE_ROOT), 'utf8')
  return `${(JSON.parse(file) as { version: string }).version} ${PROTOCOL}`
}
