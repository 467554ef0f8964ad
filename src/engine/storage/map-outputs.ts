import type { PartitionIndex, WriterId } from '../../ids.js'
import type { ShuffleDependency } from '../../ops/dataset.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { BlockManager } from './block-manager.js'
import { type Content, type ContentVersions, newContent, type Reading } from './content-versions.js'

/** How newly registered data relates to lost data. */
export interface Entered {
  /** Whether it replaces lost data. */
  readonly again: boolean
  /** Whether it differs from the lost data. */
  readonly differs: boolean
}

/**
 * The map outputs of each shuffle. A lost output leaves a gap, which the next plan that reads the shuffle fills by a
 * recomputation.
 */
export class MapOutputs {
  readonly #blocks: BlockManager
  readonly #versions: ContentVersions
  readonly #shuffles = new Map<number, (BlockHandle | undefined)[]>()
  readonly #contents = new Map<number, Content>()
  /** For each shuffle, the count of uses at its last use. */
  readonly #used = new Map<number, number>()
  /** Shuffles whose outputs are not evicted: what they were computed from is freed. */
  readonly #kept = new Set<number>()
  #uses = 0
  /** Lost outputs, as `shuffle:partition`. */
  readonly #lost = new Set<string>()
  /**
   * Releases shuffles that no dataset refers to any more, because a batch program does not report when it has finished
   * with one.
   */
  readonly #unreachable = new FinalizationRegistry<number>((shuffle) => this.release(shuffle))

  constructor(blocks: BlockManager, versions: ContentVersions) {
    this.#blocks = blocks
    this.#versions = versions
  }

  /** Returns the content that a task planned now will read. */
  content(dependency: ShuffleDependency): Content {
    let content = this.#contents.get(dependency.id)
    if (!content) {
      this.#of(dependency)
      content = newContent(dependency.rdd.label, dependency.rdd.partitions)
      this.#contents.set(dependency.id, content)
    }
    return content
  }

  /** Returns all outputs in the order of the map partitions; undefined while one is missing. */
  complete({ id, rdd }: ShuffleDependency): readonly BlockHandle[] | undefined {
    const outputs = this.#shuffles.get(id)
    this.#used.set(id, ++this.#uses)
    if (!outputs) return rdd.partitions === 0 ? [] : undefined
    if (this.#versions.changed) this.#dropOutdated(id, outputs)
    for (const output of outputs) if (!output) return undefined
    return outputs as BlockHandle[]
  }

  /** Returns the outputs that exist now, without a use of them. */
  existing({ id }: ShuffleDependency): readonly (BlockHandle | undefined)[] {
    return this.#shuffles.get(id) ?? []
  }

  missing(dependency: ShuffleDependency): number[] {
    const outputs = this.#of(dependency)
    return Array.from(outputs.keys()).filter((partition) => !outputs[partition])
  }

  /** Registers an output. If another attempt's output was first, that one stays. */
  set(
    dependency: ShuffleDependency,
    partition: PartitionIndex,
    handle: BlockHandle,
    writer: WriterId,
    from: readonly Reading[],
  ): Entered {
    const outputs = this.#of(dependency)
    if (outputs[partition]) {
      this.#blocks.register(handle, writer)
      this.#blocks.release(handle.id)
      return { again: false, differs: false }
    }
    const name = `${dependency.id}:${partition}`
    const again = this.#lost.delete(name)
    outputs[partition] = handle
    const differs = this.#versions.enter(this.content(dependency), partition, handle.crc, from)
    this.#blocks.register(handle, writer, {
      onLost: () => {
        if (outputs[partition] !== handle) return
        outputs[partition] = undefined
        this.#lost.add(name)
      },
    })
    return { again, differs }
  }

  /** Makes the driver an owner of all outputs, so that they survive all threads and are not evicted. */
  keep(shuffle: number): void {
    this.#kept.add(shuffle)
    for (const output of this.#shuffles.get(shuffle) ?? []) if (output) this.#blocks.root([output.id])
  }

  /** The count of uses so far. Later uses have higher numbers. */
  get uses(): number {
    return this.#uses
  }

  /** Evicts outputs whose last use is not later than `before`, least recently used first, until `bytes` are free. */
  evict(bytes: number, before: number): { readonly blocks: number; readonly bytes: number } {
    const freed = { blocks: 0, bytes: 0 }
    const unused = [...this.#used]
      .filter(([shuffle, use]) => use <= before && !this.#kept.has(shuffle))
      .sort(([, a], [, b]) => a - b)
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
    // Later data may still refer to this content, but not to the data behind it.
    if (content) content.parts.length = 0
    this.#contents.delete(shuffle)
    this.#used.delete(shuffle)
    this.#kept.delete(shuffle)
    for (const name of this.#lost) if (name.startsWith(`${shuffle}:`)) this.#lost.delete(name)
  }

  /** Drops outputs whose inputs have come out different since, so that the next plan recomputes them. */
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
