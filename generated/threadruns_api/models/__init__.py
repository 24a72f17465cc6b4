# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""The models of the document."""

from ..reading import make_readers
from ..shapes import MODELS, prepare
from .code_interpreter_tool import CodeInterpreterTool
from .error_detail import ErrorDetail
from .error_response import ErrorResponse
from .function_definition import FunctionDefinition
from .function_parameters import FunctionParameters
from .function_tool import FunctionTool
from .incomplete_details import IncompleteDetails
from .incomplete_reason import IncompleteReason
from .last_error import LastError
from .last_error_code import LastErrorCode
from .list_runs_open_ai_beta import ListRunsOpenAIBeta
from .metadata import Metadata
from .named_function import NamedFunction
from .named_tool_choice import NamedToolChoice
from .named_tool_type import NamedToolType
from .order import Order
from .required_action import RequiredAction
from .response_format import ResponseFormat
from .response_format_mode import ResponseFormatMode
from .response_format_type import ResponseFormatType
from .retrieval_tool import RetrievalTool
from .run import Run
from .run_list import RunList
from .run_status import RunStatus
from .submit_tool_outputs import SubmitToolOutputs
from .tool_call import ToolCall
from .tool_call_function import ToolCallFunction
from .tool_choice_mode import ToolChoiceMode
from .truncation_strategy import TruncationStrategy
from .truncation_type import TruncationType
from .usage import Usage

__all__ = (
    "CodeInterpreterTool",
    "ErrorDetail",
    "ErrorResponse",
    "FunctionDefinition",
    "FunctionParameters",
    "FunctionTool",
    "IncompleteDetails",
    "IncompleteReason",
    "LastError",
    "LastErrorCode",
    "ListRunsOpenAIBeta",
    "Metadata",
    "NamedFunction",
    "NamedToolChoice",
    "NamedToolType",
    "Order",
    "RequiredAction",
    "ResponseFormat",
    "ResponseFormatMode",
    "ResponseFormatType",
    "RetrievalTool",
    "Run",
    "RunList",
    "RunStatus",
    "SubmitToolOutputs",
    "ToolCall",
    "ToolCallFunction",
    "ToolChoiceMode",
    "TruncationStrategy",
    "TruncationType",
    "Usage",
)

prepare(MODELS, globals())
make_readers(MODELS)
