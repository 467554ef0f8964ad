import { isData } from './data.js'
import { dataError, faultOf } from './fault.js'

/** Throws a DataError that names the source and the path if one of the values is not data. */
export function checkRecords(values: readonly unknown[], source: string): void {
  const bad = values.findIndex((value) => !isData(value))
  if (bad < 0) return
  const none = values.length === 1 ? 'does not take this record' : `takes none of these ${values.length} records`
  throw dataError(`${source} ${none}`, faultOf(values[bad], `[${bad}]`))
}
