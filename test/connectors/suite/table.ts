import { readdirSync } from 'node:fs'
import type { ConnectorRow } from './row.js'

/** All rows. A connector adds itself with a file in rows/. */
export async function allRows(): Promise<ConnectorRow[]> {
  const files = readdirSync(new URL('rows', import.meta.url)).sort()
  return await Promise.all(
    files.map(
      async (file) => ((await import(`./rows/${file.slice(0, -'.ts'.length)}.ts`)) as { row: ConnectorRow }).row,
    ),
  )
}
