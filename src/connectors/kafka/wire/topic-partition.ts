/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Returns a text that no other partition has. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
