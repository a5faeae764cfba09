export { AnnotationEditor } from './AnnotationEditor';
export { ConfigEditor } from './ConfigEditor';
export { QueryEditor } from './QueryEditor';
export { VariableEditor } from './VariableEditor';
