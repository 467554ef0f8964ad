package millrace.bridge;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.Dependency;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.rdd.ShuffledRDD;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.CollectionAccumulator;
import scala.Tuple2;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** The RDDs, programs and broadcast variables that the driver has created, by its numbers. */
final class Graph {
  private final JavaSparkContext spark;
  private final CollectionAccumulator<byte[]> reports;
  private final Map<Integer, JavaRDD<Tuple2<Integer, byte[]>>> rdds = new HashMap<>();
  private final Map<Integer, Broadcast<byte[]>> broadcasts = new HashMap<>();
  private final Map<Integer, byte[]> programs = new HashMap<>();

  Graph(JavaSparkContext spark, CollectionAccumulator<byte[]> reports) {
    this.spark = spark;
    this.reports = reports;
  }

  synchronized RDD<Tuple2<Integer, byte[]>> of(int id) {
    JavaRDD<Tuple2<Integer, byte[]>> rdd = rdds.get(id);
    if (rdd == null) throw new IllegalArgumentException("There is no RDD " + id + "; the driver has dropped it.");
    return rdd.rdd();
  }

  synchronized void program(int id, byte[] program) {
    programs.put(id, program);
  }

  synchronized void forgetProgram(int id) {
    programs.remove(id);
  }

  synchronized void broadcast(int id, byte[] value) {
    broadcasts.put(id, spark.broadcast(value));
  }

  synchronized void releaseBroadcast(int id) {
    Broadcast<byte[]> broadcast = broadcasts.remove(id);
    if (broadcast != null) broadcast.unpersist(false);
  }

  synchronized void shuffle(int id, int of, int partitions) {
    ClassTag<byte[]> bytes = ClassTag$.MODULE$.apply(byte[].class);
    ClassTag<Integer> number = ClassTag$.MODULE$.apply(Integer.class);
    var shuffled = new ShuffledRDD<Integer, byte[], byte[]>(rdds.get(of).rdd(), new IdPartitioner(partitions), number, bytes, bytes);
    rdds.put(id, new JavaRDD<>(shuffled.setSerializer(new BlockSerializer()), ClassTag$.MODULE$.apply(Tuple2.class)));
  }

  synchronized void persist(int id, String level) {
    rdds.get(id).persist(StorageLevel.fromString(level));
  }

  /** Has Spark store an RDD durably after the first job that computes it, which ends its lineage. */
  synchronized void checkpoint(int id) {
    rdds.get(id).checkpoint();
  }

  synchronized void drop(int id) {
    JavaRDD<?> rdd = rdds.remove(id);
    if (rdd != null && !rdd.getStorageLevel().equals(StorageLevel.NONE())) rdd.unpersist(false);
  }

  /** Creates a NodeRDD. `inputs`: those of all partitions, one after the other. */
  synchronized void create(int id, JsonNode message, byte[] inputs) {
    RDD<?>[] parents = new RDD<?>[message.get("parents").size()];
    for (int i = 0; i < parents.length; i++) parents[i] = of(message.get("parents").get(i).asInt());
    NodePartition[] parts = new NodePartition[message.get("partitions").size()];
    Map<Integer, byte[]> used = new HashMap<>();
    int at = 0;
    for (int p = 0; p < parts.length; p++) {
      JsonNode part = message.get("partitions").get(p);
      int program = part.get("program").asInt();
      used.put(program, programs.get(program));
      byte[] own = Arrays.copyOfRange(inputs, at, at += part.get("inputs").asInt());
      parts[p] = new NodePartition(p, program, own, readsOf(part.get("reads")), part.path("state").asText(null), parents);
    }
    Map<Integer, Broadcast<byte[]>> variables = new HashMap<>();
    for (JsonNode each : message.get("broadcasts")) variables.put(each.asInt(), broadcasts.get(each.asInt()));
    NodeRDD rdd = new NodeRDD(spark.sc(), id, parts, dependenciesOf(parents, parts), used, variables, reports);
    rdds.put(id, new JavaRDD<>(rdd, ClassTag$.MODULE$.apply(Tuple2.class)));
  }

  private static NodePartition.Read[] readsOf(JsonNode of) {
    NodePartition.Read[] reads = new NodePartition.Read[of.size()];
    for (int i = 0; i < reads.length; i++) {
      JsonNode read = of.get(i);
      reads[i] = new NodePartition.Read(
          read.get(0).asInt(), read.get(1).asInt(), read.get(2).asInt(), read.get(3).asInt(), read.path(4).asText(null));
    }
    return reads;
  }

  @SuppressWarnings("unchecked")
  private static List<Dependency<?>> dependenciesOf(RDD<?>[] parents, NodePartition[] parts) {
    List<Dependency<?>> dependencies = new ArrayList<>();
    for (int parent = 0; parent < parents.length; parent++) {
      int number = parent;
      int[][] read = new int[parts.length][];
      for (int p = 0; p < parts.length; p++) {
        read[p] = Arrays.stream(parts[p].reads).filter(each -> each.parent() == number).mapToInt(NodePartition.Read::partition).distinct().toArray();
      }
      dependencies.add(new ReadPartitions((RDD<Tuple2<Integer, byte[]>>) parents[parent], read));
    }
    return dependencies;
  }
}
