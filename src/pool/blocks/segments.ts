/** Shared memory in segments: which thread may write where, and when a segment is reused. */
export { SegmentPool, type SegmentPoolOptions } from './segment-pool.js'
export { MAX_SEGMENT_BYTES, SEGMENT_BYTES, segmentSize } from './segment-size.js'
export { type Allocation, type Lifetime, SegmentWriter } from './segment-writer.js'
