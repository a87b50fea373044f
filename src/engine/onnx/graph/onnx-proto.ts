/**
 * @file The part of ONNX's protobuf schema that our graphs need, as a protobufjs descriptor. Names and field
 * numbers are those of `onnx.proto` (ONNX IR version 10).
 */

import protobuf from "protobufjs";

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: field("int64", 1),
        producerName: field("string", 2),
        graph: field("GraphProto", 7),
        opsetImport: repeated("OperatorSetIdProto", 8),
      },
    },
    OperatorSetIdProto: { fields: { domain: field("string", 1), version: field("int64", 2) } },
    GraphProto: {
      fields: {
        node: repeated("NodeProto", 1),
        name: field("string", 2),
        initializer: repeated("TensorProto", 5),
        input: repeated("ValueInfoProto", 11),
        output: repeated("ValueInfoProto", 12),
        valueInfo: repeated("ValueInfoProto", 13),
      },
    },
    NodeProto: {
      fields: {
        input: repeated("string", 1),
        output: repeated("string", 2),
        name: field("string", 3),
        opType: field("string", 4),
        attribute: repeated("AttributeProto", 5),
        domain: field("string", 7),
      },
    },
    AttributeProto: {
      fields: {
        name: field("string", 1),
        f: field("float", 2),
        i: field("int64", 3),
        s: field("bytes", 4),
        floats: repeated("float", 7),
        ints: repeated("int64", 8),
        type: field("int32", 20),
      },
    },
    TensorProto: {
      fields: {
        dims: repeated("int64", 1),
        dataType: field("int32", 2),
        name: field("string", 8),
        rawData: field("bytes", 9),
      },
    },
    ValueInfoProto: { fields: { name: field("string", 1), type: field("TypeProto", 2) } },
    TypeProto: { fields: { tensorType: field("TensorTypeProto", 1) } },
    TensorTypeProto: { fields: { elemType: field("int32", 1), shape: field("TensorShapeProto", 2) } },
    TensorShapeProto: { fields: { dim: repeated("DimensionProto", 1) } },
    DimensionProto: { fields: { dimValue: field("int64", 1), dimParam: field("string", 2) } },
  },
});

const modelProto = root.lookupType("ModelProto");

/** `AttributeProto.AttributeType`. */
const attributeType = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;

export type AttributeValue =
  | { float: number }
  | { int: number }
  | { ints: readonly number[] }
  | { string: string };

export function encodeAttribute(name: string, value: AttributeValue): object {
  if ("float" in value) return { name, type: attributeType.float, f: value.float };
  if ("int" in value) return { name, type: attributeType.int, i: value.int };
  if ("ints" in value) return { name, type: attributeType.ints, ints: [...value.ints] };
  return { name, type: attributeType.string, s: new TextEncoder().encode(value.string) };
}

/** Serialises a plain object in the descriptor's shape. */
export function encodeModel(model: object): Uint8Array {
  return modelProto.encode(modelProto.fromObject(model)).finish();
}
