import type { FileChangedError } from '../../errors.js'
import type { FoundFile } from '../../files/find.js'
import type { FileRange } from '../../files/identity.js'
import type { Dataset, FilesToList } from '../../ops/dataset.js'
import { FileRangesRdd } from '../../ops/rdd/source-rdds.js'
import { FileReads, type LeftOut } from './file-reads.js'
import { listFiles } from './list-files.js'

/** The files that a task reads. */
interface FileReader {
  readonly sources: readonly {
    readonly files?: { readonly reads: FileReads; readonly ranges: readonly FileRange[] }
  }[]
}

/** A dataset of files that must be listed before its tasks can be planned. */
export interface UnlistedFiles {
  readonly rdd: Dataset
  readonly files: FilesToList
}

/** The files that datasets read. An entry lives as long as its dataset. */
export class FileInputs {
  readonly #found = new WeakMap<Dataset, readonly FoundFile[]>()
  readonly #finding = new WeakMap<Dataset, Promise<void>>()
  readonly #reads = new WeakMap<Dataset, FileReads>()

  /** Returns the files of a dataset with their sizes; undefined until `find` has listed them. */
  filesOf(rdd: Dataset): readonly FoundFile[] | undefined {
    return this.#found.get(rdd)
  }

  /**
   * Lists the files of a dataset, once. Rejects with SourceError unless all can be read; the next call then tries
   * again.
   */
  find({ rdd, files }: UnlistedFiles): Promise<void> {
    const known = this.#finding.get(rdd)
    if (known) return known
    const finding = listFiles(files).then((found) => void this.#found.set(rdd, found))
    this.#finding.set(rdd, finding)
    finding.catch(() => this.#finding.delete(rdd))
    return finding
  }

  readsOf(rdd: Dataset): FileReads {
    let reads = this.#reads.get(rdd)
    if (!reads) {
      reads = new FileReads(rdd instanceof FileRangesRdd ? rdd.mayLeaveOut : undefined)
      this.#reads.set(rdd, reads)
    }
    return reads
  }
}

/** Excludes the file that an error names from a task's dataset. Returns undefined if the dataset needs the file. */
export function leaveOut({ sources }: FileReader, error: FileChangedError): LeftOut | undefined {
  for (const { files } of sources) {
    const leftOut = files?.ranges.some(({ path }) => path === error.details.path) && files.reads.leaveOut(error)
    if (leftOut) return leftOut
  }
  return undefined
}
