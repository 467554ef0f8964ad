/** How the fields of a column are read. An empty field of a type other than 'text' is null. */
export type CsvType = 'text' | 'number' | 'integer' | 'bigint' | 'boolean' | 'date'

/** Converts a field. Returns undefined if the field is not of the type. */
type Convert = (field: string) => unknown

const DATE = /^\d{4}-\d\d-\d\d/

export const CONVERT: Readonly<Record<CsvType, Convert>> = {
  text: (field) => field,
  number: (field) => {
    const number = Number(field)
    return (Number.isNaN(number) && field !== 'NaN') || field.trim() === '' ? undefined : number
  },
  integer: (field) => {
    const number = Number(field)
    return Number.isSafeInteger(number) && field.trim() !== '' ? number : undefined
  },
  bigint: (field) => (/^[+-]?\d+$/.test(field) ? BigInt(field) : undefined),
  boolean: (field) => {
    const word = field.toLowerCase()
    return word === 'true' ? true : word === 'false' ? false : undefined
  },
  date: (field) => {
    const date = new Date(field)
    return DATE.test(field) && !Number.isNaN(date.getTime()) ? date : undefined
  },
}

export const CSV_TYPES = Object.keys(CONVERT) as readonly CsvType[]
