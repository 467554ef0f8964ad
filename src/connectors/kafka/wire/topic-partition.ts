/** A partition's number in a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}
