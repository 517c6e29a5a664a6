"""Asking the processor to bring memory near before it is needed."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(context: Any, array: Any, row: Any) -> Any:
    """Starts to load the cache line where a row of a two-dimensional array begins.

    A hint without a result. The row must lie in the array.

    Args:
        context: Of the compiler.
        array: A contiguous array of two dimensions.
        row: Index of the row.
    """
    if not (isinstance(array, types.Array) and array.ndim == 2 and isinstance(row, types.Integer)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        laid_out = context.make_array(signature.args[0])(context, builder, arguments[0])
        index = context.cast(builder, arguments[1], signature.args[1], types.intp)
        zero = context.get_constant(types.intp, 0)
        shape = cgutils.unpack_tuple(builder, laid_out.shape)
        strides = cgutils.unpack_tuple(builder, laid_out.strides)
        address = cgutils.get_item_pointer2(
            context, builder, laid_out.data, shape, strides, "C", [index, zero]
        )
        anything = builder.bitcast(address, ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        hint = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [anything.type, number, number, number]),
            "llvm.prefetch.p0i8" if not anything.type.is_opaque else "llvm.prefetch.p0",
        )
        reading, keep, data = number(0), number(3), number(1)
        builder.call(hint, [anything, reading, keep, data])
        return context.get_dummy_value()

    return types.none(array, row), generate
