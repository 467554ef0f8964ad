/** Operations that cases ask for and the library does not have. This list only shrinks. */
export const NOT_YET: readonly string[] = ['mapWithStateRecord', 'rate estimator', 'recovery', 'saveThenReadText']

/** Cases whose answer is another here, on purpose, and why. */
export const DIFFERENT: Readonly<Record<string, string>> = {
  'pair-cogroup-parts-1000-10':
    "The partitioner that either side has is taken over; the default number of partitions is the context's parallelism, not that of the largest parent.",
}

/** What messages of the cases' origin say, and ours. */
export const WORDING: Readonly<Record<string, string>> = { shutdown: 'stopped' }
