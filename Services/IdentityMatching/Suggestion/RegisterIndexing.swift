/// Index files as the service makes and opens them.
struct RegisterIndexing: CandidateIndexing {
    var table = WeightTable.standard

    /// - Throws: `IndexError` for a file that is not there, cut, damaged, of another version or another generation.
    func open(_ path: String, generation: Int32) throws -> any CandidateIndex {
        let index = try RegisterIndex(path: path)
        guard index.header.generation == generation else {
            throw IndexError.foreign(path: path, reason: "it is of register generation \(index.header.generation)")
        }
        return CandidateSearch(index: index, table: table)
    }

    func build(_ path: String, generation: Int32, from persons: IndexedPersons) throws {
        let builder = try IndexBuilder(path: path, generation: generation)
        try persons.forEachPart { try builder.add($0) }
        try builder.finish()
    }
}
