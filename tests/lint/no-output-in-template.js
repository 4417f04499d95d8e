import { ESLintUtils } from "@typescript-eslint/utils";

/** A Pulumi Output in a template string becomes a warning text in place of its value; `pulumi.interpolate` is what was meant. */
export const noOutputInTemplate = {
  meta: {
    type: "problem",
    schema: [],
    messages: { output: "This is an Output: in a template string it is a warning text. Use pulumi.interpolate`…` or .apply." },
  },
  create(context) {
    const services = ESLintUtils.getParserServices(context);
    const isOutput = (node) => {
      const type = services.getTypeAtLocation(node);
      const parts = type.isUnion() ? type.types : [type];
      // OutputInstance is the interface behind the Output<T> alias.
      return parts.some((part) => ["Output", "OutputInstance"].includes(part.aliasSymbol?.name ?? part.symbol?.name ?? ""));
    };
    return {
      TemplateLiteral(node) {
        if (node.parent.type === "TaggedTemplateExpression") return;
        for (const expression of node.expressions)
          if (isOutput(expression)) context.report({ node: expression, messageId: "output" });
      },
      BinaryExpression(node) {
        if (node.operator !== "+") return;
        for (const side of [node.left, node.right]) if (isOutput(side)) context.report({ node: side, messageId: "output" });
      },
    };
  },
};
