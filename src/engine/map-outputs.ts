import type { ShuffleDependency } from '../ops/rdd/rdd.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { BlockManager } from './block-manager.js'
import { type Content, type ContentVersions, newContent, type Reading } from './content-versions.js'

/** Whether data that was entered replaces lost data, and whether it came out different from it. */
export interface Entered {
  readonly again: boolean
  readonly differs: boolean
}

/** Where the map outputs of each shuffle are. An output that is lost leaves a gap that the next reader has filled. */
export class MapOutputs {
  readonly #blocks: BlockManager
  readonly #versions: ContentVersions
  readonly #shuffles = new Map<number, (BlockHandle | undefined)[]>()
  readonly #contents = new Map<number, Content>()
  /** When each shuffle was used last, by a count of uses. */
  readonly #used = new Map<number, number>()
  #uses = 0
  /** Outputs that were lost, as `shuffle:partition`. */
  readonly #lost = new Set<string>()
  /** Shuffles of datasets that nobody holds any more: a batch program does not say when it is done with one. */
  readonly #unreachable = new FinalizationRegistry<number>((shuffle) => this.release(shuffle))

  constructor(blocks: BlockManager, versions: ContentVersions) {
    this.#blocks = blocks
    this.#versions = versions
  }

  /** What a task reads that is planned now. */
  content(dependency: ShuffleDependency): Content {
    let content = this.#contents.get(dependency.id)
    if (!content) {
      this.#of(dependency)
      content = newContent(dependency.rdd.label, dependency.rdd.partitions)
      this.#contents.set(dependency.id, content)
    }
    return content
  }

  /** All outputs in the order of the map partitions, or undefined while one is missing. */
  complete({ id, rdd }: ShuffleDependency): readonly BlockHandle[] | undefined {
    const outputs = this.#shuffles.get(id)
    this.#used.set(id, ++this.#uses)
    if (!outputs) return rdd.partitions === 0 ? [] : undefined
    if (this.#versions.changed) this.#dropOutdated(id, outputs)
    for (const output of outputs) if (!output) return undefined
    return outputs as BlockHandle[]
  }

  missing(dependency: ShuffleDependency): number[] {
    const outputs = this.#of(dependency)
    return Array.from(outputs.keys()).filter((partition) => !outputs[partition])
  }

  /** Enters an output. Returns whether it replaces one that was lost, and whether it came out different. */
  set(
    dependency: ShuffleDependency,
    partition: number,
    handle: BlockHandle,
    writer: number,
    from: readonly Reading[],
  ): Entered {
    const outputs = this.#of(dependency)
    if (outputs[partition]) {
      this.#blocks.register(handle, writer)
      this.#blocks.release(handle.id)
      return { again: false, differs: false }
    }
    const place = `${dependency.id}:${partition}`
    const again = this.#lost.delete(place)
    outputs[partition] = handle
    const differs = this.#versions.enter(this.content(dependency), partition, handle.crc, from)
    this.#blocks.register(handle, writer, {
      onLost: () => {
        if (outputs[partition] !== handle) return
        outputs[partition] = undefined
        this.#lost.add(place)
      },
    })
    return { again, differs }
  }

  /** The count of uses so far: what is used from now on comes after it. */
  get uses(): number {
    return this.#uses
  }

  /** Lets outputs go that were not used since `before`, the longest unused first, until `bytes` are free. */
  evict(bytes: number, before: number): { readonly blocks: number; readonly bytes: number } {
    const freed = { blocks: 0, bytes: 0 }
    const unused = [...this.#used].filter(([, use]) => use <= before).sort(([, a], [, b]) => a - b)
    for (const [shuffle] of unused) {
      if (freed.bytes >= bytes) break
      const outputs = this.#shuffles.get(shuffle) ?? []
      for (const [partition, output] of outputs.entries()) {
        if (!output) continue
        outputs[partition] = undefined
        this.#blocks.release(output.id)
        freed.blocks++
        freed.bytes += output.length
      }
    }
    return freed
  }

  release(shuffle: number): void {
    for (const output of this.#shuffles.get(shuffle) ?? []) if (output) this.#blocks.release(output.id)
    this.#shuffles.delete(shuffle)
    const content = this.#contents.get(shuffle)
    // Later data may still refer to it, but no longer to what it was made from.
    if (content) content.parts.length = 0
    this.#contents.delete(shuffle)
    this.#used.delete(shuffle)
    for (const place of this.#lost) if (place.startsWith(`${shuffle}:`)) this.#lost.delete(place)
  }

  /** Outputs made from data that has come out different since are computed again. */
  #dropOutdated(shuffle: number, outputs: (BlockHandle | undefined)[]): void {
    const content = this.#contents.get(shuffle)
    if (!content) return
    const dropped = this.#versions.outdated(content).filter((partition) => outputs[partition])
    for (const partition of dropped) {
      this.#blocks.release(outputs[partition]!.id)
      outputs[partition] = undefined
    }
    if (dropped.length > 0) this.#versions.rollBack('shuffle', content.label, dropped)
  }

  #of(dependency: ShuffleDependency): (BlockHandle | undefined)[] {
    let outputs = this.#shuffles.get(dependency.id)
    if (!outputs) {
      outputs = Array.from({ length: dependency.rdd.partitions }, () => undefined)
      this.#shuffles.set(dependency.id, outputs)
      this.#unreachable.register(dependency, dependency.id)
    }
    return outputs
  }
}
