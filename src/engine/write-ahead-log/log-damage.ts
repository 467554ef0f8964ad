/** The bytes of a log file that are not a whole record. */
export interface LogDamage {
  readonly file: string
  /** Whole records that were read from the file. */
  readonly records: number
  /** Where the bytes begin that were skipped. */
  readonly offset: number
  readonly message: string
}
