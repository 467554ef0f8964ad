package millrace.bridge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.Utils;

/**
 * The Spark driver of one Node process, which has started it and listens on loopback. A message either way: JSON and bytes, each with its
 * length. Messages that build the graph have no answer, so a job costs one round trip. When the connection ends, so does this process.
 */
public final class Gateway {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String CHECKPOINTS = "spark.checkpoint.dir";

  private final DataInputStream in;
  private final DataOutputStream out;
  private final JavaSparkContext spark;
  private final Graph graph;
  private final Jobs jobs;
  private final ExecutorService running = Executors.newCachedThreadPool();

  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(System.getenv("MILLRACE_PORT"));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
      DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
      Wire.write(out, System.getenv("MILLRACE_TOKEN").getBytes(StandardCharsets.UTF_8));
      out.flush();
      SparkConf conf = new SparkConf();
      JSON.readTree(Wire.read(in)).fields().forEachRemaining(entry -> conf.set(entry.getKey(), entry.getValue().asText()));
      try (JavaSparkContext spark = new JavaSparkContext(conf)) {
        new Gateway(spark, in, out).serve();
      }
    } catch (EOFException e) {
      // The Node process has ended, or closed its context.
    }
    System.exit(0);
  }

  private Gateway(JavaSparkContext spark, DataInputStream in, DataOutputStream out) {
    this.spark = spark;
    this.in = in;
    this.out = out;
    CollectionAccumulator<byte[]> reports = new CollectionAccumulator<>();
    spark.sc().register(reports, "millrace reports");
    graph = new Graph(spark, reports);
    if (spark.getConf().contains(CHECKPOINTS)) spark.setCheckpointDir(spark.getConf().get(CHECKPOINTS));
    // Spark deletes this one when the process ends. That is also when the Node process was killed.
    else if (spark.isLocal()) spark.setCheckpointDir(Utils.createTempDir(Utils.getLocalDir(spark.getConf()), "state").toString());
    jobs = new Jobs(spark, reports);
  }

  private void serve() throws IOException {
    answer(JSON.createObjectNode().put("ready", true), List.of());
    for (;;) {
      JsonNode message = JSON.readTree(Wire.read(in));
      byte[] bytes = Wire.read(in);
      if (message.get("op").asText().equals("stop")) return;
      try {
        handle(message, bytes);
      } catch (RuntimeException e) {
        failed(message.path("call").asInt(-1), e);
      }
    }
  }

  private void handle(JsonNode message, byte[] bytes) {
    int id = message.path("id").asInt();
    switch (message.get("op").asText()) {
      case "program" -> graph.program(id, bytes);
      case "forgetProgram" -> graph.forgetProgram(id);
      case "broadcast" -> graph.broadcast(id, bytes);
      case "releaseBroadcast" -> graph.releaseBroadcast(id);
      case "rdd" -> graph.create(id, message, bytes);
      case "shuffle" -> graph.shuffle(id, message.get("of").asInt(), message.get("partitions").asInt());
      case "persist" -> graph.persist(id, message.get("level").asText());
      case "checkpoint" -> graph.checkpoint(id);
      case "drop" -> graph.drop(id);
      case "cancel" -> jobs.cancel(message.get("group").asText());
      case "cluster" -> running.submit(() -> cluster(message.get("call").asInt()));
      case "run" -> running.submit(() -> run(message));
      default -> throw new IllegalArgumentException("The gateway knows no operation " + message.get("op"));
    }
  }

  private void run(JsonNode message) {
    int call = message.get("call").asInt();
    try {
      Jobs.Outcome outcome = jobs.run(
          graph.of(message.get("rdd").asInt()),
          message.get("partitions"),
          message.get("group").asText(),
          message.get("label").asText(),
          chainsOf(message.get("chains")));
      List<byte[]> blocks = new ArrayList<>(outcome.results());
      blocks.addAll(outcome.reports());
      answer(JSON.createObjectNode().put("call", call).put("results", outcome.results().size()), blocks);
    } catch (Throwable e) {
      failed(call, e);
    }
  }

  private void cluster(int call) {
    try {
      answer(JSON.createObjectNode().put("call", call), List.of(Cluster.statusOf(spark.sc())));
    } catch (Throwable e) {
      failed(call, e);
    }
  }

  private static Set<String> chainsOf(JsonNode names) {
    if (names == null) return null;
    Set<String> known = new HashSet<>();
    for (JsonNode name : names) known.add(name.asText());
    return known;
  }

  private void failed(int call, Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) text.append(cause).append('\n');
    try {
      answer(JSON.createObjectNode().put("call", call).put("error", text.toString()), List.of());
    } catch (IOException e) {
      // The Node process is gone. The thread that reads its messages ends this process.
    }
  }

  private void answer(ObjectNode head, List<byte[]> blocks) throws IOException {
    var lengths = head.putArray("lengths");
    int length = 0;
    for (byte[] block : blocks) {
      lengths.add(block.length);
      length = Math.addExact(length, block.length);
    }
    synchronized (out) {
      Wire.write(out, JSON.writeValueAsBytes(head));
      out.writeInt(length);
      for (byte[] block : blocks) out.write(block);
      out.flush();
    }
  }
}
