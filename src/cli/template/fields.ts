import type { Operand, ParsedTemplate, Pipe, TemplateNode } from './parser.ts';

/** A field of the value that the template is executed on. */
interface RootField {
  name: string;
  at: number;
}

/**
 * The fields that a template takes from its value, wherever dot is that value still: `.A`, `.A.B`, and `$.A` everywhere.
 */
export function rootFields({ nodes }: ParsedTemplate): RootField[] {
  return nodes.flatMap((node) => ofNode(node, true));
}

/** `isRoot`: dot is the template's value here. */
function ofNode(node: TemplateNode, isRoot: boolean): RootField[] {
  switch (node.kind) {
    case 'action':
      return ofPipe(node.pipe, isRoot);
    case 'if':
    case 'with':
    case 'range': {
      const inside = isRoot && node.kind === 'if';
      return [
        ...ofPipe(node.pipe, isRoot),
        ...node.body.flatMap((one) => ofNode(one, inside)),
        ...node.otherwise.flatMap((one) => ofNode(one, isRoot)),
      ];
    }
    default:
      return [];
  }
}

function ofPipe({ commands }: Pipe, isRoot: boolean): RootField[] {
  return commands.flatMap(({ operands }) => operands.flatMap((operand) => ofOperand(operand, isRoot)));
}

function ofOperand(operand: Operand, isRoot: boolean): RootField[] {
  if (operand.kind === 'pipe') return ofPipe(operand.pipe, isRoot);
  const ofRoot = operand.kind === 'field' ? isRoot : operand.kind === 'variable' && operand.name === '$';
  const [name] = ofRoot && 'names' in operand ? operand.names : [];
  return name === undefined ? [] : [{ name, at: operand.at }];
}
