import { SourceError } from '../../errors.js'

export type Hyparquet = typeof import('hyparquet')
export type HyparquetWriter = typeof import('hyparquet-writer')

/** The packages that Parquet needs, with the versions that are supported. */
const RANGES = {
  hyparquet: '^1.31.5',
  'hyparquet-writer': '^0.17.0',
  'hyparquet-compressors': '^1.1.2',
} as const

/** Loads a package. Rejects with SourceError, which says how to install it. */
export async function loadPackage<M>(name: keyof typeof RANGES, why: string): Promise<M> {
  try {
    return (await import(name)) as M
  } catch (cause) {
    throw new SourceError(
      `${why} needs the package '${name}', which cannot be loaded. Install it: npm install ${name}@${RANGES[name]}`,
      { cause, details: { package: name, range: RANGES[name] } },
    )
  }
}
