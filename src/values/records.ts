import { isData } from './data.js'
import { dataError, faultIn } from './fault.js'

/** Throws a DataError that names the source and the path, if one of the values that it was given is not data. */
export function checkRecords(values: readonly unknown[], source: string): void {
  const bad = values.findIndex((value) => !isData(value))
  const fault = bad < 0 ? undefined : faultIn(values[bad], `[${bad}]`)
  if (!fault) return
  const none = values.length === 1 ? 'does not take this record' : `takes none of these ${values.length} records`
  throw dataError(`${source} ${none}`, fault)
}
