import { readFileSync } from 'node:fs'
import { UsageError } from './options.mjs'

/** Reads the JSON file of a recorded run. @throws UsageError if it is none. */
export function recordedRun(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`${file} cannot be read as JSON: ${error.message}`)
  }
}
