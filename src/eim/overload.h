#pragma once

namespace halyard::eim {
/// One lambda per alternative of a std::variant.
template <class... F> struct Overload : F... { using F::operator()...; };
template <class... F> Overload(F...) -> Overload<F...>;
} // namespace halyard::eim
