import { type BlockName, blockKey, type NeededBlock } from './heads.js'

/** The content of a log file that restarts may need. */
interface FileUse {
  readonly name: string
  /** Blocks that no batch has. */
  readonly open: Set<string>
  /** The first block of each input and term. */
  readonly first: Map<string, NeededBlock>
  /** The last batch that reads the file when it runs again. */
  until: number
}

/** Which files of a log restarts may still read, in the order in which they were written. */
export class FileUses {
  readonly #files = new Map<string, FileUse>()
  readonly #fileOf = new Map<string, FileUse>()

  /** The file has a block that no batch has yet. A block that was written again is read from the later file. */
  block(block: BlockName, file: string): void {
    const key = blockKey(block)
    this.#fileOf.get(key)?.open.delete(key)
    const use = this.file(file)
    use.open.add(key)
    lower(use.first, block)
    this.#fileOf.set(key, use)
  }

  /** A batch has the block. */
  allocated(key: string, time: number): void {
    const use = this.#fileOf.get(key)
    if (!use) return
    use.open.delete(key)
    use.until = Math.max(use.until, time)
    this.#fileOf.delete(key)
  }

  /** The file has the record of a batch. */
  entry(time: number, file: string): void {
    const use = this.file(file)
    use.until = Math.max(use.until, time)
  }

  /**
   * Returns the files that hold nothing of batches after `time`, up to the first that does: so the record of a batch stays
   * as long as its blocks do. `growing`: the file that is being written, which stays.
   */
  removable(time: number, growing: string | undefined): string[] {
    const names: string[] = []
    for (const { name, open, until } of this.#files.values()) {
      if (name === growing || open.size > 0 || until > time) break
      names.push(name)
    }
    return names
  }

  /** Returns the first block of each input and term in all files but these. */
  firstWithout(names: readonly string[]): Map<string, NeededBlock> {
    const all = new Map<string, NeededBlock>()
    for (const { name, first } of this.#files.values()) {
      if (names.includes(name)) continue
      for (const [uid, term, number] of first.values()) lower(all, { uid, term, number })
    }
    return all
  }

  removed(name: string): void {
    this.#files.delete(name)
  }

  /** Adds a file, after those that are known. */
  file(name: string): FileUse {
    let use = this.#files.get(name)
    if (!use) {
      use = { name, open: new Set(), first: new Map(), until: Number.NEGATIVE_INFINITY }
      this.#files.set(name, use)
    }
    return use
  }
}

/** Takes the block into account, if it is the first of its input and term. */
export function lower(first: Map<string, NeededBlock>, { uid, term, number }: BlockName): void {
  const series = `${term}/${uid}`
  if (number < (first.get(series)?.[2] ?? Number.POSITIVE_INFINITY)) first.set(series, [uid, term, number])
}
