/** A worker thread of the pool. */
export interface ThreadStatus {
  readonly id: number
  /** 0 to `threads` - 1; -1 for the spare. */
  readonly slot: number
  readonly state: 'booting' | 'ready' | 'dead'
  /** Tasks that the thread has received and not answered. */
  readonly tasks: number
  /** Ms that its event loop was busy and idle since its start: the difference of two readings is its busy share. */
  readonly activeMs: number
  readonly idleMs: number
}

/** An executor of the cluster on which the jobs run. */
export interface ExecutorStatus {
  readonly id: string
  /** Its host and port. */
  readonly address: string
  readonly cores: number
  /** Tasks that run now; a Node process runs each. */
  readonly tasks: number
  readonly completed: number
  /** Attempts of tasks that failed. */
  readonly failed: number
  /** Its Node processes. They stay for later tasks. */
  readonly processes: number
  /** Node processes of it that have ended: by a signal, a fault or a cancelled task. The next task without a process starts another one. */
  readonly endedProcesses: number
  /** Bytes of memory that stored partitions take. */
  readonly storedBytes: number
}

/** The cluster on which the jobs run, as it was when it was asked last. */
export interface ClusterStatus {
  /** The address of its own page; undefined if it has none. */
  readonly ui: string | undefined
  readonly executors: readonly ExecutorStatus[]
}

/** Memory of the blocks and of the process, in bytes. */
export interface MemoryStatus {
  readonly limit: number
  /** Bytes of blocks in use, everything below included except files. */
  readonly used: number
  /** Bytes that receivers hold for future batches. */
  readonly received: number
  readonly persisted: number
  /** Snapshots of keyed state, with their keys. */
  readonly state: number
  /**
   * Keyed state itself, with `stateMemory`: in the memory of the threads, and only in files, as of the last tasks.
   */
  readonly stateHeld?: { readonly memory: number; readonly files: number }
  /** Bytes of spilled partitions in files. */
  readonly spilled: number
  readonly blocks: number
  /** Blocks with fewer owners than `replicas`, because there were too few threads. */
  readonly blocksShort: number
  /** The heap of the driver's thread. */
  readonly heap: number
  /** The resident set of the process. */
  readonly resident: number
}

/** A persisted dataset. */
export interface PersistedStatus {
  readonly rdd: number
  readonly label: string
  readonly level: string
  readonly partitions: number
  readonly memoryBytes: number
  readonly diskBytes: number
}

/** The keyed state of one stream. */
export interface StateStatus {
  /** The id of the stream. */
  readonly stream: number
  readonly label: string
  readonly partitions: number
  /** The batch of the newest version, in ms; undefined before the first. */
  readonly version: number | undefined
  /** The oldest of the newest snapshots of all partitions; undefined until each partition has one. */
  readonly snapshot: number | undefined
  /** Keys of the newest version; before the first batch after a restart, those of its snapshots. */
  readonly keys: number
  readonly bytes: number
}

/** The state of one key in the newest version. */
export interface StateOfKey {
  /** The number of the stream. */
  readonly stream: number
  readonly label: string
  readonly uid: string
  /** The batch of the version, in ms. */
  readonly version: number
  readonly found: boolean
  /** The value as JSON; undefined for a key without state. */
  readonly value: string | undefined
}

/** A stream of the graph. */
export interface StreamStatus {
  readonly id: number
  readonly label: string
  readonly parents: readonly number[]
  /** Ms between two datasets. */
  readonly slide: number
  /** Ms for which its datasets are remembered. */
  readonly remember: number
  /** For inputs: the name of the source, and whether it is a receiver, a direct source or a queue of the driver. */
  readonly source?: { readonly name: string; readonly kind: string }
  /** The id in checkpoints, if it keeps data. */
  readonly uid?: string
  /** Of a step over lines of text: whether kernels know its function, or why it runs as a function. */
  readonly kernels?: string
}

/** The lag of one part of an input, such as a partition of a topic. */
export interface PartLagStatus {
  readonly name: string
  /** Amount that no complete batch has read. */
  readonly lag: number
  /** Where the last complete batch ends; undefined before the first. */
  readonly read?: number | string
  /** Where the source ended when the newest batch was planned. */
  readonly end?: number | string
}

/**
 * The lag of an input: what no complete batch has read. Of a direct source, as of the newest batch that was planned; of a
 * receiver, what it has received by now. `keys`: distance of integer keys, at least the number of rows.
 */
export interface InputLag {
  readonly unit: 'records' | 'files' | 'bytes' | 'keys'
  readonly total: number
  /** Bytes that a receiver holds; undefined for direct sources. */
  readonly bytes?: number
  /** When the oldest of it arrived, in ms of the context's clock; undefined if nothing waits, and for direct sources. */
  readonly oldest?: number
  /** At most the 100 parts that are furthest behind. */
  readonly parts: readonly PartLagStatus[]
  readonly partsOmitted: number
}

/** An input of running streams. */
export interface InputStatus {
  readonly stream: number
  readonly name: string
  /** Undefined if the source does not report it. */
  readonly lag?: InputLag
}

/** An output operation of the graph. */
export interface OutputStatus {
  readonly id: number
  readonly label: string
  readonly stream: number
}

/** The status of streams at one moment, as plain data. */
export interface StreamsStatus {
  readonly state: 'INITIALIZED' | 'ACTIVE' | 'STOPPED'
  /** The context's clock, in ms. */
  readonly now: number
  readonly batchInterval: number
  readonly checkpointDir: string | undefined
  readonly threads: readonly ThreadStatus[]
  /** With the option `master`. */
  readonly cluster?: ClusterStatus
  readonly memory: MemoryStatus
  readonly persisted: readonly PersistedStatus[]
  readonly states: readonly StateStatus[]
  readonly streams: readonly StreamStatus[]
  readonly outputs: readonly OutputStatus[]
  /** From `start()` on. */
  readonly inputs: readonly InputStatus[]
  /** Options with their defaults: numbers, texts, true and false. Objects and functions are absent. */
  readonly options: Readonly<Record<string, string | number | boolean>>
}
