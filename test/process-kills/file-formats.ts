import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { slice } from '../formats/slices.js'
import type { Row } from './pipelines.js'

/** Rows of a file, by the ending of its name. A file that is not whole throws. */
const DECODERS: Readonly<Record<string, (bytes: Buffer) => unknown[] | Promise<unknown[]>>> = {
  json: jsonIn,
  csv(bytes) {
    const [header, ...rows] = linesIn(bytes).map((line) => line.split(','))
    return rows.map((row) => {
      if (row.length !== header!.length) throw new Error(`A row of CSV has ${row.length} fields: ${row}.`)
      return Object.fromEntries(header!.map((name, i) => [name, row[i]]))
    })
  },
  gz: (bytes) => jsonIn(gunzipSync(bytes)),
  parquet: (bytes) => parquetReadObjects({ file: Uint8Array.from(bytes).buffer }),
  // A SequenceFile has no ending. Its keys are rows as JSON.
  '': (bytes) => slice('sequence', bytes).map((pair) => JSON.parse((pair as [string, unknown])[0])),
}

function linesIn(bytes: Buffer): string[] {
  const lines = bytes.toString().split('\n')
  if (lines.pop() !== '') throw new Error('The last line has no end.')
  return lines
}

function jsonIn(bytes: Buffer): unknown[] {
  return linesIn(bytes).map((line) => JSON.parse(line))
}

/**
 * The rows of all saves that a reader sees in a directory. Throws if one is not whole.
 */
export async function rowsIn(directory: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const { name, bytes } of partsIn(directory)) {
    const records = await DECODERS[name.split('.')[1] ?? '']!(bytes)
    rows.push(...records.map((record) => rowOf(record as Record<string, unknown>)))
  }
  return rows
}

export function rowOf({ batch, output, key, value }: Record<string, unknown>): Row {
  return { batch: Number(batch), output: String(output), key: String(key), value: Number(value) }
}

/** Parts that a process has begun to write, and that no reader sees. */
export function hiddenParts(directory: string, output: string): string[] {
  const saves = readdirSync(directory).filter((name) => name.startsWith(`_temporary-${output}-`))
  return saves.flatMap((save) => {
    const attempts = join(directory, save, 'attempts')
    return existsSync(attempts) ? readdirSync(attempts) : []
  })
}

/** The parts of all visible saves. A batch that runs again replaces its save: between two renames it is not there. */
function partsIn(directory: string): { readonly name: string; readonly bytes: Buffer }[] {
  try {
    return readdirSync(directory)
      .filter((save) => !save.startsWith('_'))
      .flatMap((save) => {
        const names = readdirSync(join(directory, save))
        if (!names.includes('_SUCCESS')) throw new Error(`${save} is visible and not complete: ${names}.`)
        return names
          .filter((name) => name.startsWith('part-'))
          .map((name) => ({ name, bytes: readFileSync(join(directory, save, name)) }))
      })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return partsIn(directory)
    throw error
  }
}
