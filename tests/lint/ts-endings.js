/** Relative imports name the file they mean: Node runs the sources as they are and resolves nothing. */
export const tsEndings = {
  meta: { type: "problem", schema: [], messages: { ending: "{{source}} needs its ending: .ts, .tsx, .js, .mjs or .json." } },
  create(context) {
    const check = ({ source }) => {
      if (source?.type !== "Literal" || typeof source.value !== "string" || !/^\.{1,2}\//.test(source.value)) return;
      if (/\.(ts|tsx|js|mjs|json|css)$/.test(source.value)) return;
      context.report({ node: source, messageId: "ending", data: { source: source.value } });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};
