import { inspect } from 'node:util'
import type { FailedRecord } from '../../protocol.js'
import type { Task } from '../runtime/task.js'
import { NO_RECORD } from './meter.js'

/** Characters of a record that an error shows. */
const SHOWN = 200
/** Files that an error names. */
const FILES = 3

/** Describes the record that a task failed on; undefined if no record is known. Never throws. */
export function failedRecord({ meter, inputs }: Task): FailedRecord | undefined {
  if (meter.failedOn === undefined || meter.failedOn === NO_RECORD) return undefined
  const files = new Set(
    inputs.flatMap((input) => ('ranges' in input ? (input.ranges ?? []) : [])).map(({ path }) => path),
  )
  return { record: shown(meter.failedOn.record), files: [...files].slice(0, FILES), moreFiles: files.size > FILES }
}

function shown(record: unknown): string {
  try {
    const text = inspect(record, {
      depth: 2,
      breakLength: Number.POSITIVE_INFINITY,
      maxStringLength: SHOWN,
      maxArrayLength: 20,
      customInspect: false,
    })
    return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text
  } catch {
    // A Proxy or a getter of the user's threw.
    return `a record of type ${typeof record} that cannot be shown`
  }
}
