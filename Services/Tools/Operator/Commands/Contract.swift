/// `operator asyncapi`: the contract of the topics, from their one declaration. `Shared/Contracts/asyncapi.yaml` is this.
import ServiceRuntime
import ToolArguments
import Web

enum Contract {
    static let command = Operator.Command(
        name: "asyncapi",
        usage:
            "  asyncapi                           hợp đồng của các chủ đề / the topics' contract, AsyncAPI 3.0 as YAML"
    ) { arguments, _ in
        if let extra = arguments.positional.first { throw Arguments.Problem.unexpected(extra) }
        try Output.write(Array(AsyncAPI.document(version: AsyncAPI.contractVersion).yaml.utf8))
        return 0
    }
}
