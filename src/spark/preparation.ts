import type { UnlistedFiles } from '../engine/scheduler/file-inputs.js'
import { sampledPartitioner } from '../engine/scheduler/range-bounds.js'
import type { Dataset, Planner, SampledPartitioner, ShuffleDependency, SourcePartition } from '../ops/dataset.js'
import type { Plan } from '../ops/plan.js'

const NO_PLAN: Plan = { op: 'concat', of: [] }

/** The listings and bounds that the stages of a job need, and that are missing. */
export interface Unprepared {
  readonly files: readonly UnlistedFiles[]
  /** Range partitioners without bounds. Those on which others depend come first. */
  readonly ranges: readonly SampledPartitioner[]
}

/** Walks the lineage of a dataset and finds files to list and keys to sample. */
export function unpreparedOf(rdd: Dataset): Unprepared {
  const walk = new Walk()
  walk.of(rdd)
  return walk
}

/** A planner that plans nothing, and records what the datasets ask for. */
class Walk implements Planner {
  readonly files: UnlistedFiles[] = []
  readonly ranges: SampledPartitioner[] = []
  readonly #visited = new Set<Dataset>()

  of(rdd: Dataset): Plan {
    if (this.#visited.has(rdd)) return NO_PLAN
    this.#visited.add(rdd)
    for (const dependency of rdd.dependencies) {
      if (dependency.kind === 'shuffle') this.shuffle(dependency)
      else this.of(dependency.rdd)
    }
    if (rdd.partitions > 0) rdd.plan(0, this)
    return NO_PLAN
  }

  shuffle({ rdd, partitioner }: ShuffleDependency): number {
    this.of(rdd)
    const range = sampledPartitioner(partitioner)
    if (range && !range.bounds && !this.ranges.includes(range)) {
      this.of(range.sampled)
      this.ranges.push(range)
    }
    return 0
  }

  source(source: SourcePartition): number {
    if (source.from === 'file-part') this.files.push({ rdd: source.rdd, files: source.files })
    return 0
  }

  state = () => 0
  rejects = () => 0
  observe = () => 0
  watermark = () => 0
}
